import type { Resource } from '@pulumi/pulumi';
import type { UseCase } from '../app/usecases/usecase.ts';
import { awsUseCase } from './aws-usecase.ts';
import { register } from './bridge/register.ts';
import { connectorsOf } from './ingestion/change-sources.ts';
import { topicsFor } from './ingestion/topics.ts';
import type { Platform } from './platform.ts';

/** Everything of one use case and nothing shared: when its folder goes, exactly this goes. */
export function useCase(base: Platform, definition: UseCase): readonly Resource[] {
  const { environment, provider, ready, values, stores } = base;
  if (stores !== undefined)
    awsUseCase(stores, definition, {
      topics: topicsFor(environment.site, definition),
      connectors: connectorsOf(environment.site, definition),
    });
  const charts = environment.usecases.get(definition.name) ?? [];
  return charts.flatMap((chart) => register(chart, { provider, dependsOn: ready, values }));
}
