import { join } from 'node:path';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { openIntake } from '../../app/ingestion/intake.ts';
import type { EventType } from '../../app/usecases/event.ts';
import { nullable, number } from '../../app/usecases/field.ts';
import { clock, retail, silent } from './ground.ts';

/** Replays the dead letters under a fixed definition, whose prices go higher. */
const [dir = ''] = process.argv.slice(2);
const [click] = retail.events as [EventType];
const fixed = { ...click, fields: { ...click.fields, price: nullable(number({ unit: 'EUR', range: [0, 300_000] })) } };
const usecase = { ...retail, events: [fixed] };
const log = await openEmbeddedLog(join(dir, 'log'));
const keys = await openEmbeddedKeys(join(dir, 'keys'));
const intake = await openIntake({ usecase, log, keys, clock, logger: silent, dedupeDir: join(dir, 'dedupe') });
process.stdout.write(JSON.stringify(await intake.replay('click')));
await intake.close();
await log.close();
await keys.close();
