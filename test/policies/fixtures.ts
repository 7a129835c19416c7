import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { RULES } from '../../policies/catalogue.ts';
import type { Fixture } from '../../policies/fixture.ts';
import type { Context, Rule } from '../../policies/rule.ts';
import { DEFAULT_SETTINGS } from '../../policies/settings.ts';

const root = join(import.meta.dirname, '../../policies');

/** `pinned-image` of `governance-pinned-image`. */
export const fileOf = ({ layer, name }: Rule): string => join(root, layer, name.slice(layer.length + 1));

export const layersWithRules = [...new Set(RULES.map(({ layer }) => layer))];

/** Files of a layer's folder that are not fixtures, without their endings. */
export const ruleFilesOf = (layer: string): readonly string[] =>
  readdirSync(join(root, layer))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.fixtures.ts'))
    .map((file) => join(root, layer, file.slice(0, -3)));

/** The day on which fixtures are judged. */
export const NOW = new Date('2026-06-01T12:00:00Z');

export const contextFor = ({ environment = 'prod', config, registry }: Fixture): Context => ({
  environment,
  now: NOW,
  config: { ...DEFAULT_SETTINGS, ...config },
  ...(registry !== undefined && { registry }),
});
