/** One derived number, and why it is that. */
export interface Figure<Unit extends string = string> {
  readonly value: number;
  readonly unit: Unit;
  /** The reasoning in words, with the numbers it stands on. */
  readonly because: string;
}

/** What an environment carries in a day. Every use case is planned for all of it: a mix is never known beforehand. */
export interface Load {
  /** Different users in a day. */
  readonly dailyUsers: number;
  /** Events that a user sends in a day. */
  readonly eventsPerUser: number;
  /** The busiest second as a multiple of the average one. */
  readonly peakFactor: number;
  /** Days that the event log keeps its records; the lake keeps them for the definition's own retention. */
  readonly retentionDays: number;
}

export interface Bounds {
  /** Three zones, three brokers, no workload that answers or follows alone. */
  readonly highAvailability: boolean;
  /** `aws` takes Kafka, Valkey and Postgres as services; `kubernetes` runs them on the nodes of the plan. */
  readonly target: 'kubernetes' | 'aws';
  /** Shards of the online store that stay although less would do: fewer of them move everyone's rows. @default 1 */
  readonly leastShards?: number;
}

/** What one pod asks for. */
export interface Compute {
  readonly cpu: Figure<'millicores'>;
  readonly memory: Figure<'MiB'>;
}

/** How many pods, and what each asks for. A schedule or a job has one at a time. */
export interface WorkloadPlan extends Compute {
  readonly replicas: { readonly min: Figure<'replicas'>; readonly max: Figure<'replicas'> };
}

export interface TrainingPlan extends Compute {
  /** 1 where the trainer asks for an accelerator. */
  readonly gpu: Figure<'GPUs'>;
}

export interface UseCasePlan {
  readonly name: string;
  readonly peakEvents: Figure<'events/s'>;
  readonly peakRequests: Figure<'requests/s'>;
  /** Requests a second that all serving replicas answer at most; never below the peak and its headroom. */
  readonly servingCapacity: Figure<'requests/s'>;
  /** Partitions by topic, for each of `topicsOf`. */
  readonly partitions: Readonly<Record<string, Figure<'partitions'>>>;
  /** By the name in `workloadsOf`. */
  readonly workloads: Readonly<Record<string, WorkloadPlan>>;
  readonly training: TrainingPlan;
  readonly logGrowth: Figure<'GiB/day'>;
  readonly lakeGrowth: Figure<'GiB/month'>;
  readonly onlineRows: Figure<'MiB'>;
}

export interface NodePool {
  readonly instance: string;
  /** What one node has. */
  readonly vcpus: number;
  readonly memoryGiB: number;
  readonly gpus: number;
  readonly min: Figure<'nodes'>;
  readonly max: Figure<'nodes'>;
}

export interface CostLine {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly because: string;
}

export interface MonthlyCost {
  readonly low: number;
  readonly high: number;
  readonly currency: string;
  readonly because: string;
  readonly lines: readonly CostLine[];
}

export interface PlatformPlan {
  readonly zones: Figure<'zones'>;
  readonly kafka: Compute & {
    readonly brokers: Figure<'brokers'>;
    readonly controllers: Figure<'controllers'>;
    readonly replication: Figure<'copies'>;
    readonly minInSync: Figure<'copies'>;
    readonly storagePerBroker: Figure<'GiB'>;
  };
  readonly valkey: Compute & {
    /** `maxmemory` of one shard; `memory` adds what a fork for a snapshot needs. */
    readonly maxMemory: Figure<'MiB'>;
    readonly shards: Figure<'shards'>;
    /** Copies of a shard beside its primary. */
    readonly replicas: Figure<'replicas'>;
  };
  readonly postgres: Compute & {
    readonly instances: Figure<'instances'>;
    readonly storage: Figure<'GiB'>;
  };
  readonly lake: { readonly growth: Figure<'GiB/month'>; readonly held: Figure<'GiB'> };
  /** What the registry's pods need, and the object storage of its releases. */
  readonly registry: WorkloadPlan & { readonly storage: Figure<'GiB'> };
  readonly nodes: {
    /** Everything that stands. */
    readonly cpu: NodePool;
    /** Trainings and gates without an accelerator: large, and gone when they are done. */
    readonly training: NodePool;
    readonly gpu: NodePool;
  };
  readonly monthlyCost: MonthlyCost;
}

/** What an environment needs, derived from its use cases and its load. */
export interface CapacityPlan {
  readonly load: Load;
  readonly bounds: Bounds;
  /** By the use case's name. */
  readonly usecases: Readonly<Record<string, UseCasePlan>>;
  readonly platform: PlatformPlan;
}
