import { topicsOf } from '../../app/ingestion/topics.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { type AwsFoundationProps, awsFoundation, awsPlatform } from '../../constructs/aws.ts';
import { awsUseCase } from '../../constructs/aws-usecase.ts';
import { deploy, type Registered } from './aws-account.ts';

const config = { 'min.insync.replicas': '2', 'unclean.leader.election.enable': 'false' };
const topics = topicsOf(retail).map((topic) => ({ ...topic, replicas: 3, config, annotations: {} }));

/** Everything that an environment with one use case registers. */
export const deployAll = (props: AwsFoundationProps): Promise<readonly Registered[]> =>
  deploy(() => {
    awsUseCase(awsPlatform(awsFoundation(props), props), retail, { topics, connectors: [] });
  });

/** The inputs of all resources of a type: `service/Resource`. */
export function ofType(all: readonly Registered[], short: string): readonly Registered[] {
  const found = all.filter(({ type }) => type.startsWith('aws:') && shortType(type) === short);
  if (found.length === 0) throw new RangeError(`no ${short} was registered`);
  return found;
}

/** `aws:s3/bucket:Bucket` as `s3/Bucket`. */
export const shortType = (type: string): string => type.replace(/^aws:(\w+)\/\w+:/, '$1/');

/** A value inside the inputs, by keys and indices. */
export const at = (inputs: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce((inner, key) => (inner as Readonly<Record<string | number, unknown>> | undefined)?.[key], inputs);

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: unknown;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export const statementsOf = (policy: unknown): readonly Statement[] =>
  (JSON.parse(String(policy)) as { Statement: readonly Statement[] }).Statement;

export const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  typeof value === 'string' ? [value] : (value ?? []);
