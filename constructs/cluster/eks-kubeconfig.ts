import { all, type Output } from '@pulumi/pulumi';
import type { AwsClusterAccess } from '../aws.ts';

/** A kubeconfig without a secret: whoever deploys gets a token of their own identity from the AWS CLI. */
export const eksKubeconfig = ({ name, endpoint, certificateAuthority }: AwsClusterAccess, region: string): Output<string> =>
  all([name, endpoint, certificateAuthority]).apply(([cluster, server, authority]) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': cluster,
      clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': authority } }],
      contexts: [{ name: cluster, context: { cluster, user: 'deployer' } }],
      users: [
        {
          name: 'deployer',
          user: {
            exec: {
              apiVersion: 'client.authentication.k8s.io/v1',
              command: 'aws',
              args: ['eks', 'get-token', '--cluster-name', cluster, '--region', region],
              interactiveMode: 'Never',
            },
          },
        },
      ],
    }),
  );
