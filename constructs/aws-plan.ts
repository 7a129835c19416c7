import type { AwsPlan } from './aws.ts';
import type { CapacityPlan } from './capacity.ts';

const MIB = 1024;

/** The numbers of a capacity plan that size what AWS runs. */
export function awsPlanOf({ load, platform }: CapacityPlan): AwsPlan {
  const { kafka, valkey, postgres, nodes } = platform;
  return {
    brokers: kafka.brokers.value,
    brokerVcpus: kafka.cpu.value / 1000,
    brokerMemoryGiB: kafka.memory.value / MIB,
    brokerStorageGiB: Math.ceil(kafka.storagePerBroker.value),
    storeShards: valkey.shards.value,
    storeReplicas: valkey.replicas.value,
    storeMemoryGiB: valkey.maxMemory.value / MIB,
    registryVcpus: postgres.cpu.value / 1000,
    registryMemoryGiB: postgres.memory.value / MIB,
    registryStorageGiB: Math.ceil(postgres.storage.value),
    cpu: { instanceType: nodes.cpu.instance, min: nodes.cpu.min.value, max: nodes.cpu.max.value },
    logRetentionDays: load.retentionDays,
  };
}
