import { document, TAGS } from '../cloud-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { aws } from '../samples.ts';
import { UNKNOWN } from '../unknown.ts';

const allow = { Effect: 'Allow', Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::lake/*' };
const trust = { Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action: ['sts:AssumeRole', 'sts:TagSession'] };
const role = (assumeRolePolicy: unknown) => [aws('iam/role:Role', 'sink', { tags: TAGS, assumeRolePolicy })];
const policy = (statement: object | undefined) => [
  aws('iam/rolePolicy:RolePolicy', 'sink', {
    role: 'sink',
    policy: statement === undefined ? UNKNOWN : document({ ...allow, ...statement }),
  }),
];
const managed = (policyArn: string) => [
  aws('iam/rolePolicyAttachment:RolePolicyAttachment', 'sink', { role: 'sink', policyArn }),
];

export const fixtures: Fixtures = {
  passing: [
    { title: 'a role of pods', resources: [...role(document(trust)), ...policy({})] },
    { title: 'everything of one bucket', resources: policy({ Action: 's3:*' }) },
    { title: 'a list that AWS allows on everything only', resources: policy({ Action: 'ec2:DescribeInstances', Resource: '*' }) },
    { title: 'a policy that is not known yet', resources: policy(undefined) },
    { title: 'everything refused', resources: policy({ Effect: 'Deny', Action: '*', Resource: '*' }) },
    { title: 'a policy of AWS for nodes', resources: managed('arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy') },
  ],
  violating: [
    { title: 'everything on everything', resources: policy({ Action: '*', Resource: '*' }) },
    {
      title: 'everything on everything, in a list',
      resources: policy({ Action: ['s3:GetObject', '*'], Resource: ['arn:aws:s3:::lake/*', '*'] }),
    },
    { title: 'everything but something', resources: policy({ Action: undefined, NotAction: 'iam:*', Resource: '*' }) },
    { title: 'an administrator', resources: managed('arn:aws:iam::aws:policy/AdministratorAccess') },
    { title: 'a role for anyone', resources: role(document({ ...trust, Principal: '*' })) },
    { title: 'a role for any account', resources: role(document({ ...trust, Principal: { AWS: ['*'] } })) },
    { title: 'a user', resources: [aws('iam/user:User', 'deployer', { tags: TAGS })] },
    { title: 'a key that lives for years', resources: [aws('iam/accessKey:AccessKey', 'deployer', { user: 'deployer' })] },
    {
      title: 'a role that holds such a policy itself',
      resources: [
        aws('iam/role:Role', 'sink', {
          tags: TAGS,
          assumeRolePolicy: document(trust),
          inlinePolicies: [{ name: 'all', policy: document({ ...allow, Action: '*', Resource: '*' }) }],
        }),
      ],
    },
  ],
};
