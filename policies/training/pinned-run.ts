import { MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import { setting } from '../container-setting.ts';
import { all, containers, every, implies, matches, said } from '../expression.ts';
import { WORKFLOW_KINDS } from '../kinds.ts';
import { objectRule } from '../object-rule.ts';
import { trains } from '../trains.ts';

const { seed, codeCommit, dataSnapshot } = MODEL_ENVIRONMENT;
const SNAPSHOT = /^(at-start|[a-z0-9_.-]+@[0-9]+(,[a-z0-9_.-]+@[0-9]+)*)$/;

export const pinnedRun = objectRule({
  id: 'M01',
  name: 'training-pinned-run',
  layer: 'training',
  severity: 'mandatory',
  title: 'A training run pins data snapshot, code commit, image digest and seed',
  control: ['EU AI Act Art. 11', 'EU AI Act Annex IV', 'ISO 42001 A.6.2.7'],
  reason: 'What cannot be made again cannot be audited.',
  remediation: '`TrainingJob` fills them from the plan and the image; `latest` is refused.',
  kinds: ['kubernetes:batch/v1:Job', 'kubernetes:batch/v1:CronJob', ...WORKFLOW_KINDS],
  object: () =>
    implies(
      trains,
      every(containers, (container) =>
        all(
          said('an image by digest', matches(container.at('image'), /@sha256:[0-9a-f]{64}$/)),
          setting(container, codeCommit, /^[0-9a-f]{40}$/, 'with the 40 hex digits of a commit'),
          setting(container, seed, /^[0-9]{1,15}$/, 'with a whole number'),
          setting(container, dataSnapshot, SNAPSHOT, 'with `at-start` or <table>@<version>, never `latest`'),
        ),
      ),
    ),
});
