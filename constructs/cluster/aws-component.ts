import { ComponentResource, type ComponentResourceOptions, type CustomResourceOptions, type Input } from '@pulumi/pulumi';
import type { DataClass } from '../../app/usecases/field.ts';
import { type AwsTags, tagsOf, withTags } from './aws-tags.ts';

/** What every AWS component of an environment is told. */
export interface AwsScope {
  readonly environment: string;
  readonly region: string;
  /** Of the account that is deployed to, 12 digits. */
  readonly accountId: Input<string>;
  readonly tags: AwsTags;
  /** Stateful resources refuse to be deleted, and leave a last snapshot where they can. */
  readonly protect: boolean;
}

/** `millrace-<environment>-<part>`: what a resource is called in the account. */
export const physicalName = ({ environment }: Pick<AwsScope, 'environment'>, part: string): string =>
  `millrace-${environment}-${part}`;

/** The name space of ARNs that a region lies in. */
export const partitionOf = (region: string): string => (region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws');

/** A component whose taggable children carry owner, environment, cost centre and the class of what they hold. */
export abstract class AwsComponent extends ComponentResource {
  protected readonly scope: AwsScope;
  /** Options of a child. */
  protected readonly own: CustomResourceOptions;
  /** Options of a child whose loss loses data. */
  protected readonly stateful: CustomResourceOptions;
  /** For what is tagged by a resource and not by us, e.g. the instances of a launch template. */
  protected readonly tags: Readonly<Record<string, string>>;

  constructor(type: string, name: string, scope: AwsScope, holds: DataClass, options?: ComponentResourceOptions) {
    super(`millrace:${type}`, name, {}, { ...options, transformations: [withTags(tagsOf(scope.tags, holds))] });
    this.scope = scope;
    this.tags = tagsOf(scope.tags, holds);
    this.own = { parent: this };
    this.stateful = { parent: this, protect: scope.protect };
  }
}
