import type { UseCase } from '../../app/usecases/usecase.ts';
import { micros } from '../../app/usecases/window.ts';
import { DAYS_PER_MONTH, figure, GIB, MIB, shown } from './figure.ts';
import type { Figure, Load } from './plan.ts';
import measured from './service-times.json' with { type: 'json' };

const SECONDS_PER_DAY = 86_400;
const MICROS_PER_DAY = SECONDS_PER_DAY * 1e6;
/** An event is a step of a visit, and each step asks for one answer. */
const REQUESTS_PER_EVENT = 1;
/** Share of a day's users who were never seen before: after n days there are `1 + 0.1 (n - 1)` times a day's users. */
const NEW_SHARE = 0.1;
/** Columns that a lake row has beside its event's fields. */
const ORIGIN_COLUMNS = 3;
/** What files that wait for compaction and vacuum add to the lake. */
const OLD_FILES = 1.3;
/** What a key of its own costs an online store: entry, key and object headers, rounded up. */
const KEY_BYTES = 120;
/** A sealed vector is longer by its nonce, its tag and its name. */
const SEAL_BYTES = 48;
/** The release that serves and the one that takes its place hold their vectors side by side. */
const UNITS = 2;

/** What flows through one use case, and what stays of it. Average figures are a second's, over a day. */
export interface Traffic {
  readonly peakEvents: Figure<'events/s'>;
  readonly peakRequests: Figure<'requests/s'>;
  readonly averageEvents: number;
  readonly averageRequests: number;
  readonly logGrowth: Figure<'GiB/day'>;
  readonly lakeGrowth: Figure<'GiB/month'>;
  readonly lakeHeld: Figure<'GiB'>;
  readonly onlineRows: Figure<'MiB'>;
  /** Events that the lake holds in the end. */
  readonly eventsHeld: number;
  readonly usersKnown: number;
  /** Bytes that the log takes in the busiest second, before replication. */
  readonly peakBytes: number;
}

const usersOver = (load: Load, days: number): number => load.dailyUsers * (1 + NEW_SHARE * Math.max(0, days - 1));

export function trafficOf(usecase: UseCase, load: Load): Traffic {
  const daily = load.dailyUsers * load.eventsPerUser;
  const averageEvents = daily / SECONDS_PER_DAY;
  const averageRequests = averageEvents * REQUESTS_PER_EVENT;
  const peak = averageEvents * load.peakFactor;
  const retention = micros(usecase.retention) / MICROS_PER_DAY;
  // Where a use case has several events, each is planned as the widest of them.
  const fields = Math.max(1, ...usecase.events.map((event) => Object.keys(event.fields).length));
  const { bytes } = measured;
  const eventBytes = fields * bytes.logPerField;
  const answerBytes = REQUESTS_PER_EVENT * bytes.logPrediction;
  const logBytes = daily * (eventBytes + answerBytes);
  const lakeEvent = (fields + ORIGIN_COLUMNS) * bytes.lakePerColumn;
  const lakeAnswer = answerBytes * bytes.lakePerLogByte;
  const lakeBytes = daily * (lakeEvent + lakeAnswer);
  const held = lakeBytes * retention * OLD_FILES;
  return {
    peakEvents: figure(
      peak,
      'events/s',
      `${shown(load.dailyUsers)} users × ${shown(load.eventsPerUser)} events in 86,400 s are ${shown(averageEvents)} a second; the peak is ${shown(load.peakFactor)} times that`,
    ),
    peakRequests: figure(peak * REQUESTS_PER_EVENT, 'requests/s', `each of ${shown(peak)} events a second asks for one answer`),
    averageEvents,
    averageRequests,
    logGrowth: figure(
      logBytes / GIB,
      'GiB/day',
      `${shown(daily)} events of ${shown(eventBytes)} B (${fields} fields × ${bytes.logPerField} B, measured) and as many answers of ${shown(answerBytes)} B`,
    ),
    lakeGrowth: figure(
      (lakeBytes * DAYS_PER_MONTH) / GIB,
      'GiB/month',
      `${shown(daily)} rows a day of ${shown(lakeEvent)} B and answers of ${shown(lakeAnswer)} B in Parquet (measured), ${shown(DAYS_PER_MONTH)} days`,
    ),
    lakeHeld: figure(
      held / GIB,
      'GiB',
      `${usecase.retention} of ${usecase.name}'s rows, × ${OLD_FILES} for files that wait for compaction and vacuum`,
    ),
    ...onlineOf(usecase, load),
    eventsHeld: daily * retention,
    usersKnown: usersOver(load, retention),
    peakBytes: (peak / averageEvents) * (logBytes / SECONDS_PER_DAY),
  };
}

/** A windowed row holds the events still inside its longest window, an embedding's row one vector for each release. */
function onlineOf(usecase: UseCase, load: Load): { readonly onlineRows: Figure<'MiB'> } {
  const retention = micros(usecase.retention) / MICROS_PER_DAY;
  const parts = usecase.views.map((view) => {
    if (view.kind === 'embedding') {
      const users = usersOver(load, retention);
      const row = view.dimensions * 4 + SEAL_BYTES + KEY_BYTES;
      return {
        bytes: users * row * UNITS,
        text: `${view.name}: ${shown(users)} users known after ${usecase.retention} × ${row} B × ${UNITS} releases`,
      };
    }
    const days = longestWindow(Object.values(view.features).map(({ expression }) => expression)) / MICROS_PER_DAY;
    const users = usersOver(load, days);
    const events = load.dailyUsers * load.eventsPerUser * days;
    return {
      bytes: events * measured.bytes.onlinePerEvent + users * KEY_BYTES,
      text: `${view.name}: ${shown(events)} events of ${shown(days)} days × ${measured.bytes.onlinePerEvent} B (measured) and ${shown(users)} keys × ${KEY_BYTES} B`,
    };
  });
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return { onlineRows: figure(bytes / MIB, 'MiB', parts.map(({ text }) => text).join('; ')) };
}

type Expression = Extract<UseCase['views'][number], { kind: 'windowed' }>['features'][string]['expression'];

const longestWindow = (expressions: readonly Expression[]): number =>
  Math.max(
    0,
    ...expressions.map((expression) =>
      expression.op === 'ratio' ? longestWindow([expression.of, expression.to]) : micros(expression.over),
    ),
  );
