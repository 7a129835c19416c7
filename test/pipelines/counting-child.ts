import type { StepContext } from '../../pipelines/context.ts';
import type { Step } from '../../pipelines/pipeline.ts';
import { serveOneStep } from '../../pipelines/runners/step-process.ts';
import { counting } from './counting.ts';

serveOneStep((_, name) => counting.steps.find((step) => step.name === name) as unknown as Step<StepContext, unknown, unknown>);
