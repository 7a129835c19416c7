import { type Input, jsonStringify, type Output } from '@pulumi/pulumi';

type Values = Input<string> | readonly Input<string>[];

/** A statement of an IAM policy, an identity's or a resource's. */
export interface Statement {
  /** Why it is there, in letters and digits. */
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | { readonly AWS: Values } | { readonly Service: Values };
  readonly Action: string | readonly string[];
  readonly Resource?: Values;
  readonly Condition?: Readonly<Record<string, Input<Readonly<Record<string, Values>>>>>;
}

export const policyDocument = (statements: readonly Statement[]): Output<string> =>
  jsonStringify({ Version: '2012-10-17', Statement: statements });

/** Lets a service of AWS take a role, for resources of this account only. */
export const trustService = (service: string, accountId?: Input<string>): Output<string> =>
  policyDocument([
    {
      Sid: 'ServiceTakesRole',
      Effect: 'Allow',
      Principal: { Service: service },
      Action: 'sts:AssumeRole',
      ...(accountId === undefined ? {} : { Condition: { StringEquals: { 'aws:SourceAccount': accountId } } }),
    },
  ]);
