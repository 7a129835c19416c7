export type {
  Bounds,
  CapacityPlan,
  Compute,
  CostLine,
  Figure,
  Load,
  MonthlyCost,
  NodePool,
  PlatformPlan,
  TrainingPlan,
  UseCasePlan,
  WorkloadPlan,
} from './capacity/plan.ts';
