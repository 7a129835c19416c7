import type { UseCase } from '../../app/usecases/usecase.ts';

/** The PrometheusRule that holds a use case's objectives and their burn rates. */
export const sloRuleName = (usecase: UseCase): string => `${usecase.name}-slo`;

/** Fires where a canary answers worse than the release beside it; the rollout is then taken back. */
export const CANARY_ALERT = 'MillraceCanaryWorse';
