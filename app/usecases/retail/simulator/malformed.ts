import { DAY, type Micros } from '../../../clock/port.ts';
import { formatTimestamp } from '../../../clock/timestamp.ts';
import type { Random } from '../../random.ts';
import type { SimulatedClick } from './session.ts';

type Breakage = (click: SimulatedClick, at: Micros, random: Random) => unknown;

/** The ways a simulated event goes wrong; each is refused by the door. */
export const BREAKAGES: Readonly<Record<string, Breakage>> = {
  'missing field': ({ item_id: _, ...rest }) => rest,
  'wrong type': (click) => ({ ...click, price: `${click.price ?? 1} EUR` }),
  'negative price': (click, _at, random) => ({ ...click, price: -1 - random.below(100) }),
  'unknown kind': (click) => ({ ...click, kind: 'hover' }),
  'unknown field': (click) => ({ ...click, coupon: 'SPRING' }),
  'far future': (click, at) => ({ ...click, event_time: formatTimestamp(at + 20_000 * DAY) }),
  'no time': (click) => ({ ...click, event_time: 'yesterday' }),
  'not an object': (click) => click.event_id,
};

const ALL = Object.values(BREAKAGES);

export function breakClick(click: SimulatedClick, at: Micros, random: Random): unknown {
  const breakage = ALL[random.below(ALL.length)] as Breakage;
  return breakage(click, at, random);
}
