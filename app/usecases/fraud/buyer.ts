import { DAY, type Micros } from '../../clock/port.ts';
import { normal, type Random, randomOf } from '../random.ts';
import { COUNTRIES } from './events.ts';

/** Who stands in one of the world's places at a moment, and how they usually order. */
export interface Buyer {
  readonly id: string;
  readonly country: (typeof COUNTRIES)[number];
  /** EUR of a usual order. */
  readonly level: number;
  readonly device: string;
  readonly card: string;
  readonly cardKind: 'credit' | 'debit' | 'prepaid';
  readonly address: string;
}

const BUYER = 31;
const TENURE = 32;
/** Share of places whose buyer changes, and for how long one stays: new customers come all the time. */
const CHANGING_SHARE = 0.5;
const TENURE_DAYS = 20;

/** The buyer of a place: a function of the seed, the place and the moment alone. */
export function buyerAt(seed: number, place: number, at: Micros): Buyer {
  const tenure = randomOf(seed, TENURE, place);
  const generation = tenure.unit() >= CHANGING_SHARE ? 0 : 1 + Math.floor(at / (TENURE_DAYS * DAY) + tenure.unit());
  return buyerOf(randomOf(seed, BUYER, place, generation), `buyer-${place + 1}${generation === 0 ? '' : `-${generation}`}`);
}

export function buyerOf(random: Random, id: string): Buyer {
  const kind = random.unit();
  return {
    id,
    country: COUNTRIES[Math.min(COUNTRIES.length - 1, Math.floor(random.unit() ** 1.7 * COUNTRIES.length))] as Buyer['country'],
    level: 38 * Math.exp(0.6 * normal(random)),
    device: tokenOf(random),
    card: tokenOf(random),
    cardKind: kind < 0.55 ? 'debit' : kind < 0.97 ? 'credit' : 'prepaid',
    address: `198.51.100.${1 + random.below(254)}`,
  };
}

export const tokenOf = (random: Random): string => `${random.below(2 ** 31).toString(36)}${random.below(2 ** 31).toString(36)}`;
