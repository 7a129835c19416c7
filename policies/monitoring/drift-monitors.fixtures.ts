import { alteredIn, without } from '../alteration.ts';
import type { Fixtures } from '../fixture.ts';
import { alertAt } from '../model-alerts.ts';
import { model } from '../model-samples.ts';

export const fixtures: Fixtures = {
  passing: [
    { title: 'drift and skew', resources: model },
    {
      title: 'another threshold',
      resources: alteredIn(model, 'retail', [[...alertAt(model, 'drift'), 'expr'], 'max(millrace_drift_psi) >= 0.3']),
    },
  ],
  violating: [
    { title: 'nobody watches', resources: without(model, 'monitor') },
    { title: 'no drift alert', resources: alteredIn(model, 'retail', [alertAt(model, 'drift'), undefined]) },
    { title: 'no skew alert', resources: alteredIn(model, 'retail', [alertAt(model, 'skew'), undefined]) },
    {
      title: 'no threshold',
      resources: alteredIn(model, 'retail', [[...alertAt(model, 'drift'), 'expr'], 'millrace_drift_psi']),
    },
    {
      title: 'a metric of nobody',
      resources: alteredIn(model, 'retail', [[...alertAt(model, 'skew'), 'expr'], 'vector(1) > 0']),
    },
    {
      title: 'the age of rows in the place of skew',
      resources: alteredIn(model, 'retail', [[...alertAt(model, 'skew'), 'expr'], 'millrace_serving_feature_age_seconds > 3600']),
    },
    { title: 'no runbook', resources: alteredIn(model, 'retail', [[...alertAt(model, 'skew'), 'annotations'], {}]) },
  ],
};
