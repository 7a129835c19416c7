import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { AwsScope } from '../cluster/aws-component.ts';
import { AwsPostgres, type AwsPostgresProps } from '../registry/aws-rds.ts';

export interface SubjectKeyStoreProps
  extends Omit<AwsPostgresProps, 'part' | 'description' | 'holds' | 'backupDays' | 'lastSnapshot' | 'tags'> {
  /** Days within which an erased person must be gone from every copy. */
  readonly erasureDays: number;
}

/** The tag that the policies know it by. */
export const HOLDS_SUBJECT_KEYS = { 'millrace.dev/store': 'subject-keys' } as const;

/**
 * The subjects' data keys, apart from everything else: a key of their own, and backups that never outlive the erasure window,
 * since a restored backup would bring back who was erased.
 */
export class SubjectKeyStore extends AwsPostgres {
  constructor(
    name: string,
    scope: AwsScope,
    { erasureDays, ...props }: SubjectKeyStoreProps,
    options?: ComponentResourceOptions,
  ) {
    const own = { part: 'subjects', description: "Subjects' keys", holds: 'secret', tags: HOLDS_SUBJECT_KEYS } as const;
    super(name, scope, { ...props, ...own, backupDays: Math.min(7, erasureDays), lastSnapshot: false }, options);
  }
}
