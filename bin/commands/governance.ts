import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { canonicalJson } from '../../app/canonical.ts';
import type { AuditRecord, AuditVerdict } from '../../app/governance/audit-sink/port.ts';
import { complianceRecord } from '../../app/governance/compliance-record.ts';
import { complianceText } from '../../app/governance/compliance-text.ts';
import { erase, erasureText } from '../../app/governance/erasure.ts';
import { moveErasures } from '../../app/governance/erasure-objects.ts';
import { governanceError } from '../../app/governance/errors.ts';
import { TOKENS, type Token } from '../../app/governance/tokens.ts';
import { openRegistryReader } from '../../app/registry/read.ts';
import type { CommandContext } from '../command.ts';

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number above 0.');
  return Number(text);
}

const verdictText = (verdict: AuditVerdict): string =>
  verdict.verified
    ? `verified: ${verdict.size} records, root ${verdict.root}`
    : `BROKEN at record ${verdict.brokenAt}: ${verdict.reason} (${verdict.size} records before it hold)`;

function recordLine({ index, at, action, outcome, actor, subject, detail }: AuditRecord): string {
  const more = detail === undefined ? '' : `  ${JSON.stringify(detail)}`;
  return `${String(index).padStart(6)}  ${new Date(at / 1000).toISOString()}  ${action}  ${outcome}  ${actor}  ${subject}${more}`;
}

interface EraseOptions {
  readonly as: string;
  readonly subjectFile?: string;
}

/** The id of the person, from the argument or from a file of one line. */
async function subjectOf(argument: string | undefined, { subjectFile }: EraseOptions): Promise<string> {
  const given = subjectFile === undefined ? argument : (await readFile(subjectFile, 'utf8')).replace(/\r?\n$/, '');
  if (given !== undefined && given !== '' && (argument === undefined || subjectFile === undefined)) return given;
  throw governanceError('MR_GOVERNANCE_SUBJECT_UNSAID', 'whom to erase is said by an argument or by a file, one of the two', {
    field: 'subject',
    expected: 'the id as the events carry it, or --subject-file FILE',
  });
}

/** `millrace governance …`: the audit log, tokens, erasure of a person, the compliance record of a release. */
export function governanceCommands(program: Command, context: CommandContext): void {
  const governance = program.command('governance').description('Audit log, erasure, compliance records');
  const audit = governance.command('audit').description('The append-only log of acts');

  audit
    .command('verify')
    .description('Check every record and checkpoint against the witness; exit 1 and the first broken record where one is')
    .action(async () => {
      const verdict = await (await (await context.open()).use('audit')).verify();
      context.answer(verdict, verdictText(verdict));
      if (!verdict.verified) process.exitCode = 1;
    });

  audit
    .command('tail')
    .description('The newest records, oldest of them first')
    .option('-n, --lines <count>', 'how many', positive, 20)
    .action(async ({ lines }: { readonly lines: number }) => {
      const log = await (await context.open()).use('audit');
      const records = await log.read(Math.max((await log.size()) - lines, 0), lines);
      context.answer(records, records.length === 0 ? 'no records yet' : records.map(recordLine).join('\n'));
    });

  governance
    .command('erase')
    .argument('[subject]', 'the id as the events carry it')
    .description('Delete the key of a person, and with it all that is known of them; prints a signed report')
    .option('--subject-file <file>', 'read the id from a file, so that no list of processes or runs has it')
    .option('--as <role>', 'who asks; a role, no name', 'local')
    .action(async (argument: string | undefined, options: EraseOptions) => {
      const subject = await subjectOf(argument, options);
      const usecase = await context.usecase();
      const runtime = await context.open();
      const objects = await runtime.use('objects');
      await moveErasures(runtime.dataDir, usecase, objects);
      const signed = await erase({
        subject,
        usecase,
        actor: options.as,
        keys: await runtime.use('keys'),
        online: await runtime.use('online'),
        lake: await runtime.use('lake'),
        audit: await runtime.use('audit'),
        objects,
        clock: runtime.clock,
      });
      context.answer(signed, erasureText(signed));
    });

  governance
    .command('token')
    .addArgument(new Argument('<for>', 'what the caller is to do').choices(Object.keys(TOKENS)))
    .description('Print the token that a caller brings as `Authorization: Bearer …`; the log of acts says that it was shown')
    .option('--as <role>', 'who asks; a role, no name', 'local')
    .action(async (name: Token, options: { readonly as: string }) => {
      const runtime = await context.open();
      const [keys, audit] = [await runtime.use('keys'), await runtime.use('audit')];
      await audit.append({ action: 'governance.token.read', actor: options.as, subject: TOKENS[name], outcome: 'done' });
      const token = await keys.secret(TOKENS[name]);
      context.answer({ for: name, token }, token);
    });

  governance
    .command('record')
    .argument('<version>', 'version number', positive)
    .description('The compliance record of a release, with its evidence, signed')
    .option('--out <dir>', 'write it there as Markdown and JSON as well')
    .action(async (version: number, { out }: { readonly out?: string }) => {
      const usecase = await context.usecase();
      const runtime = await context.open();
      const registry = openRegistryReader(await runtime.use('metadata'));
      const [audit, keys] = [await runtime.use('audit'), await runtime.use('keys')];
      const signed = await complianceRecord({ usecase, version, registry, audit, keys, clock: runtime.clock });
      const text = complianceText(signed, usecase);
      if (out !== undefined) {
        mkdirSync(out, { recursive: true });
        const name = `${signed.record.model}-${version}`;
        writeFileSync(join(out, `${name}.md`), text);
        writeFileSync(join(out, `${name}.json`), `${canonicalJson(signed)}\n`);
      }
      context.answer(signed, text);
    });
}
