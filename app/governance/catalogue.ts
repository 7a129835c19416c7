import { governanceError } from './errors.ts';

interface ActionKind {
  /** Role or workload that may do it. */
  readonly may: string;
  readonly meaning: string;
}

const action = (may: string, meaning: string): ActionKind => ({ may, meaning });

/** Every act that changes what the platform may do, or that it refuses. The audit log takes no other. */
export const CATALOGUE = {
  'registry.version.register': action('trainer', 'a release unit became a candidate version'),
  'registry.version.approve': action('approver other than the author; locally the laptop itself', 'a version may be promoted'),
  'registry.version.promote': action('release manager', 'the champion alias moved to a version'),
  'registry.version.rollback': action('release manager', 'the champion alias moved back to what served before'),
  'registry.version.retire': action('release manager', 'a version may no longer serve'),
  'registry.version.revoke': action('release manager', 'a version’s approval was taken back for good, the champion’s as well'),
  'delivery.gate.run': action('gate', 'the gate could not judge a candidate'),
  'delivery.gate.verdict': action('gate', 'the gate passed or refused a candidate on its evidence'),
  'serving.access.refuse': action('serving', 'a request without a valid token or scope was turned away'),
  'serving.unit.load': action('serving', 'a release unit was checked, loaded and put to work'),
  'serving.unit.refuse': action('serving', 'a release unit failed its checks and was not loaded'),
  'serving.unit.withdraw': action('serving', 'a revoked or retired release unit was let go of'),
  'ingestion.access.refuse': action('collector', 'events without a valid token were turned away'),
  'ingestion.deadletter.replay': action('data steward', 'refused events were run through the door again'),
  'monitoring.drift.detect': action('monitor', 'a feature or the predictions left their training profile'),
  'monitoring.drift.heal': action('monitor', 'they came back'),
  'pipelines.retrain.start': action('scheduler or monitor', 'a retraining began'),
  'pipelines.retrain.done': action('pipeline runner', 'a retraining ended well'),
  'pipelines.retrain.fail': action('pipeline runner', 'a retraining ended without a candidate'),
  'lake.table.compact': action('data steward', 'small files of a table became large ones'),
  'lake.table.vacuum': action('data steward', 'files no young version needs were deleted'),
  'governance.token.read': action('platform engineer', 'a token that lets a caller in was shown'),
  'governance.subject.erase': action('privacy officer', 'a person was erased, or an erasure was asked for an unknown one'),
} as const satisfies Readonly<Record<string, ActionKind>>;

export type Action = keyof typeof CATALOGUE;

export const isAction = (name: string): name is Action => Object.hasOwn(CATALOGUE, name);

/** @throws MR_GOVERNANCE_ACTION_UNKNOWN */
export function checkAction(name: string): asserts name is Action {
  if (isAction(name)) return;
  throw governanceError('MR_GOVERNANCE_ACTION_UNKNOWN', `'${name}' is not an audited action`, {
    field: 'action',
    value: name,
    expected: Object.keys(CATALOGUE).join(', '),
  });
}
