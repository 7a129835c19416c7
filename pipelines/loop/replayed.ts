import type { openClickFile } from '../../app/ingestion/file-replay.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Visit, VisitSource } from './source.ts';

type ClickFile = Awaited<ReturnType<typeof openClickFile>>;

/** Share of a click file's rows that are history; the rest is replayed as the live stream. */
const HISTORY_SHARE = 0.85;
/** Wall time that the live part of a file takes, whatever span it covers. */
const LIVE_SECONDS = 45;

/** A person's own click file: its first rows are the history, its last rows arrive live, in the file's own time. */
export async function replayedSource(file: ClickFile): Promise<VisitSource> {
  const liveFrom = await momentOf(file, Math.floor(file.rows * HISTORY_SHARE));
  const endsAt = file.to + 1;
  const toVisit = visitOf(file.usecase);
  return {
    name: `click file ${file.sha256.slice(0, 12)}`,
    liveFrom,
    endsAt,
    rate: Math.max(1, (endsAt - liveFrom) / (LIVE_SECONDS * 1e6)),
    rows: (table) => file.tableRows(table),
    async *history() {
      for await (const visit of file.events()) {
        if (visit.at >= liveFrom) return;
        yield toVisit(visit);
      }
    },
    live: liveReader(file, liveFrom, toVisit),
    shiftSeason: undefined,
  };
}

async function momentOf(file: ClickFile, row: number): Promise<number> {
  let seen = 0;
  for await (const { at } of file.events()) {
    if (seen === row) return at;
    seen += 1;
  }
  return file.to;
}

const visitOf =
  ({ model: { label } }: UseCase) =>
  ({ at, wire }: { readonly at: number; readonly wire: unknown }): Visit => ({
    at,
    event: label.event.name,
    subject: String((wire as Record<string, unknown>)[label.event.key]),
    wire,
    asks: true,
  });

/** Reads the file once from `liveFrom` on, handing out each range as the clock reaches it. */
function liveReader(file: ClickFile, liveFrom: number, toVisit: ReturnType<typeof visitOf>): VisitSource['live'] {
  const events = file.events()[Symbol.asyncIterator]();
  let next: Visit | undefined;
  return async (from, to) => {
    const visits: Visit[] = [];
    for (;;) {
      if (next === undefined) {
        const { value, done } = await events.next();
        if (done === true) return visits;
        next = toVisit(value);
      }
      if (next.at >= to) return visits;
      if (next.at >= Math.max(from, liveFrom)) visits.push(next);
      next = undefined;
    }
  };
}
