import * as pulumi from '@pulumi/pulumi';

/**
 * A chart is static text, an Output is known only on deployment. A placeholder stands for it in a chart, and is poured
 * when the chart is registered. Never for a secret: that lives in a Secret, which the chart refers to by name.
 */
export const placeholder = (name: string): string => `{{${name}}}`;

/** What a deployment on AWS makes known. */
export const AWS_VALUES = {
  brokers: 'brokers',
  onlineHost: 'onlineHost',
  metadataHost: 'metadataHost',
  /** Where the owner's password is, not the password. */
  metadataOwner: 'metadataOwner',
  lakeBucket: 'lakeBucket',
  auditBucket: 'auditBucket',
  subjectKey: 'subjectKey',
  signingKey: 'signingKey',
  nodeRole: 'nodeRole',
} as const;

const PLACEHOLDER = /\{\{([a-z][A-Za-z0-9.-]*)\}\}/g;

export type Values = Readonly<Record<string, pulumi.Input<string>>>;

/** The same JSON with each placeholder replaced. @throws where a placeholder has no value, naming both */
export function pour(json: unknown, values: Values): unknown {
  if (typeof json === 'string') return pourText(json, values);
  if (Array.isArray(json)) return json.map((item) => pour(item, values));
  if (json === null || typeof json !== 'object') return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, pour(value, values)]));
}

function pourText(text: string, values: Values): pulumi.Input<string> {
  const names = [...text.matchAll(PLACEHOLDER)].map(([, name]) => name as string);
  if (names.length === 0) return text;
  const missing = names.find((name) => values[name] === undefined);
  if (missing !== undefined)
    throw new pulumi.InputPropertiesError({
      message: 'A chart has a placeholder that nothing fills',
      errors: [
        { propertyPath: missing, reason: `found {{${missing}}}; expected one of ${Object.keys(values).join(', ') || 'none'}` },
      ],
    });
  return pulumi.all(names.map((name) => values[name] as pulumi.Input<string>)).apply((poured) => {
    let next = 0;
    return text.replaceAll(PLACEHOLDER, () => String(poured[next++]));
  });
}
