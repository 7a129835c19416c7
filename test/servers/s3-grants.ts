import type { WorkloadDeclaration } from '../../app/workloads.ts';
import { type AwsStores, grantsOf } from '../../constructs/cluster/aws-grants.ts';
import { policyDocument } from '../../constructs/cluster/aws-statement.ts';
import type { Statement } from './versitygw.ts';

/** Stands where a bucket is not asked about. */
const ELSEWHERE = 'elsewhere';

/**
 * What the role of a declared workload may do with one of the buckets, as the constructs grant it on AWS, as a policy for a user
 * of a test's server. Rights to keys and to the log are no matter of a bucket.
 */
export async function grantedOn(
  declaration: Pick<WorkloadDeclaration, 'layer' | 'reads' | 'writes' | 'deletes'>,
  buckets: { readonly lake?: string; readonly audit?: string },
  user: string,
): Promise<readonly Statement[]> {
  const stores: AwsStores = {
    lake: { arn: `arn:aws:s3:::${buckets.lake ?? ELSEWHERE}`, keyArn: 'key' },
    audit: { arn: `arn:aws:s3:::${buckets.audit ?? ELSEWHERE}`, keyArn: 'key' },
    log: { arn: 'arn:aws:kafka:eu-test-1:1:cluster/log/1' },
    subjectKeyArn: 'key',
    signingKeyArn: 'key',
  };
  const text = await new Promise<string>((resolve) => policyDocument(grantsOf(declaration, stores)).apply(resolve));
  const { Statement: all } = JSON.parse(text) as {
    readonly Statement: readonly { readonly Action: readonly string[]; readonly Resource: unknown }[];
  };
  return all
    .filter(
      ({ Action, Resource }) =>
        Action.every((action) => action.startsWith('s3:')) && !JSON.stringify(Resource).includes(ELSEWHERE),
    )
    .map((statement) => ({ ...statement, Principal: [user] }));
}
