/**
 * Runs one whole turn of the loop by the README's own command and checks its report:
 * `node scripts/check-turn.ts [--usecase NAME] [--data DIR] | --movielens FILE DIR`. Exits 1 and names what is wrong.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClassifierReport, LoopReport, RecommenderReport } from '../pipelines/loop/report.ts';

const args = process.argv.slice(2);
const movielens = args[0] === '--movielens';
const usecase = args.includes('--usecase') ? String(args[args.indexOf('--usecase') + 1]) : 'retail';
const dataDir =
  (movielens ? args[2] : args.includes('--data') ? args[args.indexOf('--data') + 1] : undefined) ??
  mkdtempSync(join(tmpdir(), 'millrace-turn-'));
const from = [
  '--from',
  String(args[1]),
  '--map',
  'item_id=item_id,user_id=user_id,event_time=timestamp',
  '--time-unit',
  's',
  '--set',
  'kind=view',
];
const command = [
  'start',
  '--silent',
  '--',
  '--usecase',
  usecase,
  '--once',
  '--json',
  '--port',
  '0',
  '--data',
  dataDir,
  ...(movielens ? from : []),
];

const { status, stdout } = spawnSync('npm', command, {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 1 << 28,
});
const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '{}') as LoopReport;

const retailChecks = ({ champion, popularity }: RecommenderReport): Readonly<Record<string, boolean>> => ({
  'the champion beats popularity': champion?.ndcgAt20 > popularity?.ndcgAt20,
});

const fraudChecks = ({ champion, baseline, promoted, liveAuc }: ClassifierReport): Readonly<Record<string, boolean>> => ({
  'the champion beats the best rule': champion?.prAuc > baseline?.prAuc && champion.auc > 0.8,
  'its probabilities are calibrated': champion?.ece < 0.05 && champion.brier < 0.05,
  'the promoted release tells the classes apart': promoted?.auc > 0.8,
  'live outcomes were joined': liveAuc !== null && liveAuc > 0.7,
});

const checks: Readonly<Record<string, boolean>> = {
  'it exits 0': status === 0,
  'events were ingested': report.events?.ingested > 10_000,
  'features were compared': report.features?.compared >= 200,
  'no feature differs between serving and the lake': report.features?.mismatches === 0,
  'the search had trials and folds': report.training?.trials > 1 && report.training?.folds > 1,
  ...(usecase === 'fraud' ? fraudChecks(report as ClassifierReport) : retailChecks(report as RecommenderReport)),
  'the gate passed': report.gate?.verdict === 'passed',
  'requests were served': report.serving?.requests > 100 && report.serving.p99Ms > 0,
  'no request failed': report.failedRequests === 0,
  'the retrained release is promoted': report.promoted?.version >= 2,
  'retraining says why': (report.retrain?.reason ?? '') !== '',
  'the audit log holds': report.audit?.verified === true && report.audit.records >= 6,
  'memory was measured': report.peakRssMb > 0 && report.seconds > 0,
  ...(movielens
    ? {}
    : {
        'broken events were quarantined': report.events?.quarantined > 0,
        'drift was seen': report.drift?.detectedAt !== null && report.drift?.feature !== null,
        'drift was the reason': report.retrain?.reason.includes(report.drift?.feature ?? '?') === true,
      }),
};
console.log(JSON.stringify(report, null, 2));
if (report.drift?.healedAt === null) console.log('note: no drift healed within the turn');
const broken = Object.entries(checks).filter(([, holds]) => !holds);
for (const [name] of broken) console.log(`not so: ${name}`);
console.log(`${Object.keys(checks).length - broken.length} of ${Object.keys(checks).length} checks of the report hold`);
process.exitCode = broken.length === 0 ? 0 : 1;
