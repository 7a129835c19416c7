import { setTimeout as pause } from 'node:timers/promises';
import {
  type Connection,
  findCoordinatorV4,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV8,
  syncGroupV5,
} from '@platformatic/kafka';
import type { Logger } from 'pino';
import { answered, kafkaFault, memberIdIn } from './kafka-faults.ts';
import type { KafkaRequests } from './kafka-requests.ts';
import { decodeShare, decodeSubscription, encodeShare, encodeSubscription } from './kafka-subscription.ts';
import { checkCommit } from './limits.ts';
import type { Membership } from './port.ts';
import { Holding, lost, type Share, shareOut } from './share-out.ts';

/** Kafka's number for the coordinator of a group. */
const OF_GROUP = 0;
/** The name under which Kafka's own consumers share by turns. */
const PROTOCOL = 'roundrobin';
const BEATS_A_SESSION = 3;
const AGAIN_MS = 500;
/** What a member is told that no longer has what it thinks it has. */
const OUT = ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'] as const;

export interface MemberOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** How long the group waits for a word of a member. */
  readonly sessionMs: number;
  /** Of its own: a member that joins holds up its connection until all others have joined. */
  readonly requests: KafkaRequests;
  /** For what must not wait behind that. */
  readonly besides: KafkaRequests;
  readonly logger?: Logger | undefined;
}

/**
 * A member of a consumer group, by the protocol that every broker knows. It lets go of its partitions as soon as it hears
 * that they are shared out anew, and by itself when the group has not heard of it for a session.
 */
export async function joinGroup(options: MemberOptions): Promise<Membership> {
  const { group, topics, sessionMs, requests, besides, logger } = options;
  const leaving = new AbortController();
  const holding = new Holding();
  let memberId = '';
  let generation = -1;
  let leads: ReadonlyMap<string, number> | undefined;

  async function coordinator(by: KafkaRequests): Promise<Connection> {
    const [topic = ''] = topics;
    const asked = await by.leader(topic, 0);
    const { coordinators } = await findCoordinatorV4.api.async(asked, OF_GROUP, [group]);
    const [found] = coordinators;
    if (found === undefined || found.errorCode !== 0) throw new Error(`no coordinator of ${group} is known yet`);
    return by.admin.connections.get(found);
  }

  const widths = async (of: Iterable<string>) =>
    new Map(await Promise.all([...of].map(async (topic) => [topic, (await requests.topic(topic)).partitions.length] as const)));

  /** Takes part in one share-out; who leads it works it out for all. */
  async function join(connection: Connection): Promise<void> {
    const asked = [{ name: PROTOCOL, metadata: encodeSubscription(topics) }];
    const ask = () =>
      joinGroupV9.api.async(connection, group, sessionMs, sessionMs, memberId, null, 'consumer', asked, 'shares the topics');
    const answer = await ask().catch((error: unknown) => {
      // The first answer to a newcomer is its name.
      const given = memberIdIn(error);
      if (given === undefined) throw error;
      memberId = given;
      return ask();
    });
    memberId = answer.memberId;
    generation = answer.generationId;
    leads = undefined;
    let shares: ReadonlyMap<string, Share> = new Map();
    if (answer.leader === memberId) {
      const wants = new Map(answer.members.map((member) => [member.memberId, decodeSubscription(member.metadata)]));
      leads = await widths(new Set([...wants.values()].flat()));
      shares = shareOut(wants, leads);
    }
    const told = [...shares].map(([id, share]) => ({ memberId: id, assignment: encodeShare(share) }));
    const { assignment } = await syncGroupV5.api.async(connection, group, generation, memberId, null, 'consumer', PROTOCOL, told);
    const share = decodeShare(assignment);
    logger?.info({ group, generation, share: Object.fromEntries(share) }, 'partitions taken');
    holding.take(share);
  }

  /** Keeps what it has, until it hears that it is over or hears nothing for a session. */
  async function stay(connection: Connection): Promise<void> {
    for (let heard = performance.now(); !leaving.signal.aborted; ) {
      await pause(sessionMs / BEATS_A_SESSION, undefined, { signal: leaving.signal }).catch(() => undefined);
      if (leaving.signal.aborted) return;
      const beat = heartbeatV4.api.async(connection, group, generation, memberId, null);
      try {
        await within(sessionMs - (performance.now() - heard), beat);
        heard = performance.now();
      } catch (error) {
        if (answered(error, ...OUT) || performance.now() - heard >= sessionMs) throw error;
        requests.admin.clearMetadata();
        connection = await coordinator(requests).catch(() => connection);
      }
      if (leads !== undefined && (await grew(leads))) return;
    }
  }

  async function grew(known: ReadonlyMap<string, number>): Promise<boolean> {
    const now = await widths(known.keys()).catch(() => known);
    return [...now].some(([topic, partitions]) => partitions > (known.get(topic) ?? 0));
  }

  async function turn(): Promise<void> {
    const connection = await coordinator(requests);
    try {
      await join(connection);
      await stay(connection);
    } catch (error) {
      if (answered(error, 'UNKNOWN_MEMBER_ID')) memberId = '';
      throw error;
    } finally {
      holding.take();
    }
  }

  async function run(): Promise<void> {
    while (!leaving.signal.aborted) {
      try {
        await turn();
      } catch (error) {
        if (leaving.signal.aborted) return;
        if (answered(error, ...OUT)) continue;
        logger?.warn({ group, err: kafkaFault(error, `share ${group}`) }, 'out of touch with the group; trying again');
        requests.admin.clearMetadata();
        await pause(AGAIN_MS, undefined, { signal: leaving.signal }).catch(() => undefined);
      }
    }
  }

  // What no trying mends, such as a right that is missing, is said at once.
  await besides.patiently(`find who shares ${group}`, () => coordinator(besides));
  const running = run();
  return {
    assignment: () => holding.assignment,
    async commit(topic, partition, nextOffset) {
      holding.mustHold(group, topic, partition);
      const [as, by] = [memberId, generation];
      const one = { partitionIndex: partition, committedOffset: BigInt(nextOffset), committedLeaderEpoch: -1 };
      await besides.patiently(`let ${group} stand at ${nextOffset} in ${topic}/${partition}`, async () => {
        checkCommit(
          { group, topic, partition, nextOffset },
          (await besides.offsets([topic], 'latest')).get(topic)?.[partition] ?? -1,
        );
        const connection = await coordinator(besides);
        await offsetCommitV8.api
          .async(connection, group, by, as, null, [{ name: topic, partitions: [one] }])
          .catch((error: unknown) => {
            throw answered(error, ...OUT) ? lost(group, topic, partition) : error;
          });
      });
    },
    async leave() {
      if (leaving.signal.aborted) return;
      leaving.abort();
      holding.take();
      // Its last request may hold up its connection until the group has shared out anew.
      if (memberId !== '') {
        await coordinator(besides)
          .then((connection) =>
            leaveGroupV5.api.async(connection, group, [{ memberId, groupInstanceId: null, reason: 'it stops' }]),
          )
          .catch((error: unknown) => logger?.warn({ group, err: kafkaFault(error, `leave ${group}`) }, 'the group will notice'));
      }
      await requests.close();
      await running;
    },
  };
}

/** What is asked, unless it takes longer. */
async function within<T>(ms: number, asked: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = pause(Math.max(0, ms), undefined, { signal: done.signal }).then(() => {
    throw new Error('no answer for a whole session');
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    done.abort();
    for (const promise of [asked, late]) promise.catch(() => undefined);
  }
}
