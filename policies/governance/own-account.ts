import { WORKLOAD } from '../../app/usecases/annotations.ts';
import { all, any, equals, every, type Field, matches, not, object, oneOf, pod, present, said } from '../expression.ts';
import { WORKLOAD_KINDS } from '../kinds.ts';
import { objectAndStackRule } from '../object-rule.ts';
import { accountOf, podLabels, workloads } from '../read.ts';
import type { Resource } from '../rule.ts';
import { violation } from '../violation.ts';

const RULE = {
  id: 'K05',
  remediation:
    'Give the workload a ServiceAccount of its own and automountServiceAccountToken: false, and mount no token; list it under millrace:policies apiClients if it calls the Kubernetes API.',
} as const;

const ACCOUNT = pod.at('serviceAccountName');
const tokenless = (spec: Field) =>
  every(spec.at('volumes'), (volume) =>
    every(volume.at('projected', 'sources'), (source) => not(present(source.at('serviceAccountToken')))),
  );
/** A token may come as a volume too; a workflow's templates may have volumes of their own. */
const NO_TOKEN = all(tokenless(pod), every(pod.at('templates'), tokenless));

export const ownAccount = objectAndStackRule({
  ...RULE,
  name: 'governance-own-account',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Each workload has its own service account, and mounts its token only if it calls the API',
  control: ['CIS EKS 4.1'],
  reason: 'A stolen token speaks for everybody who shares it.',
  kinds: WORKLOAD_KINDS,
  object: ({ config }) =>
    all(
      said('the name of an account, not default', all(matches(ACCOUNT, /./), not(oneOf(ACCOUNT, ['default'])))),
      said(
        'false and no token among the volumes, or an account that is listed as a client of the API',
        any(
          all(equals(pod.at('automountServiceAccountToken'), false), NO_TOKEN),
          ...Object.keys(config.apiClients).map((client) => {
            const [namespace = '', name = ''] = client.split('/');
            return all(equals(object.at('metadata', 'namespace'), namespace), equals(ACCOUNT, name));
          }),
        ),
      ),
    ),
  checkStack: (resources) => {
    const first = new Map<string, Resource>();
    return workloads(resources).flatMap((resource) => {
      const account = accountOf(resource);
      const other = first.get(account);
      if (other === undefined) first.set(account, resource);
      // The forms of one workload (its canary, its backfill) share what it is, so they share its account.
      if (other === undefined || workloadOf(other) === workloadOf(resource)) return [];
      const expected = `an account of its own; '${other.name}' has this one`;
      return [violation(RULE, resource, { property: 'serviceAccountName', found: account, expected })];
    });
  },
});

const workloadOf = (resource: Resource): string => podLabels(resource)[WORKLOAD] ?? resource.name;
