/** Where the loop's picture puts its layers and lines, for a width in pixels. Pure. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Line {
  readonly id: string;
  /** SVG path data; the arrow sits at its end. */
  readonly path: string;
  readonly kind: 'flow' | 'return';
  /** Text beside the line, and where. */
  readonly label?: {
    readonly text: (words: { readonly events: string }) => string;
    readonly x: number;
    readonly y: number;
    readonly anchor: 'start' | 'middle' | 'end';
  };
}

export interface LoopLayout {
  readonly wide: boolean;
  readonly width: number;
  readonly height: number;
  readonly frame: Box;
  readonly boxes: Readonly<Record<string, Box>>;
  readonly lines: readonly Line[];
}

/** Down the race to training, then back past the visitors: the order of data, and the end meets the beginning. */
const THERE = ['ingestion', 'validation', 'lake', 'features', 'training'] as const;
const BACK = ['visitors', 'monitoring', 'serving', 'delivery', 'registry'] as const;

/** From this width on the race runs left to right, below it top to bottom. */
export const WIDE_FROM = 860;

export function layoutLoop(width: number): LoopLayout {
  return width >= WIDE_FROM ? wideLayout(width) : narrowLayout(width);
}

const WIDE = { side: 20, top: 44, card: 92, between: 64, gap: 36, below: 46 };

function wideLayout(width: number): LoopLayout {
  const { side, top, card, between, gap, below } = WIDE;
  const cardWidth = (width - 2 * side - 4 * gap) / 5;
  const place = (names: readonly string[], y: number) =>
    names.map((name, column) => [name, { x: side + column * (cardWidth + gap), y, width: cardWidth, height: card }] as const);
  const lower = top + card + between;
  const boxes = Object.fromEntries([...place(THERE, top), ...place(BACK, lower)]);
  const height = lower + card + below;
  const at = anchors(boxes);
  const channel = top + card + between / 2;
  const under = lower + card + 16;
  const drift = at('training').x + cardWidth * 0.25;
  return {
    wide: true,
    width,
    height,
    frame: { x: 0.5, y: 12.5, width: width - 1, height: height - 13 },
    boxes,
    lines: [
      ...pairs(THERE).map(([from, to]) => flow(from, to, `M${at(from).right} ${at(from).middle}H${at(to).x - 3}`)),
      flow('training', 'registry', `M${at('training').centre} ${at('training').bottom}V${lower - 3}`),
      ...pairs([...BACK].slice(1).reverse()).map(([from, to]) =>
        flow(from, to, `M${at(from).x} ${at(from).middle}H${at(to).right + 3}`),
      ),
      {
        ...flow(
          'serving',
          'visitors',
          `M${at('serving').centre} ${at('serving').bottom}V${under}H${at('visitors').centre}V${at('visitors').bottom + 3}`,
        ),
        label: { text: () => 'answers', x: at('monitoring').x - gap / 2, y: under + 15, anchor: 'middle' },
      },
      {
        ...flow('visitors', 'ingestion', `M${at('visitors').centre} ${lower}V${top + card + 3}`),
        label: { text: ({ events }) => events, x: at('visitors').centre + 10, y: channel + 4, anchor: 'start' },
      },
      {
        id: 'monitoring-training',
        kind: 'return',
        path: `M${at('monitoring').centre} ${lower}V${channel}H${drift}V${top + card + 3}`,
        label: {
          text: () => 'drift starts a retraining',
          x: at('lake').centre + (cardWidth + gap) / 2,
          y: channel - 7,
          anchor: 'middle',
        },
      },
    ],
  };
}

const NARROW = { side: 10, right: 16, top: 56, card: 78, between: 22, gutter: 26, below: 14 };

function narrowLayout(width: number): LoopLayout {
  const { side, right, top, card, between, gutter, below } = NARROW;
  const cardWidth = (width - side - right - gutter) / 2;
  const place = (names: readonly string[], x: number) =>
    names.map((name, row) => [name, { x, y: top + row * (card + between), width: cardWidth, height: card }] as const);
  const boxes = Object.fromEntries([...place(THERE, side), ...place(BACK, side + cardWidth + gutter)]);
  const height = top + 5 * card + 4 * between + below;
  const at = anchors(boxes);
  const channel = side + cardWidth + gutter / 2;
  const outside = width - right / 2;
  const upper = at('training').y + card * 0.3;
  const lower = at('training').y + card * 0.75;
  return {
    wide: false,
    width,
    height,
    frame: { x: 0.5, y: 12.5, width: width - 1, height: height - 13 },
    boxes,
    lines: [
      ...pairs(THERE).map(([from, to]) => flow(from, to, `M${at(from).centre} ${at(from).bottom}V${at(to).y - 3}`)),
      flow('training', 'registry', `M${at('training').right} ${lower}H${at('registry').x - 3}`),
      ...pairs([...BACK].slice(1).reverse()).map(([from, to]) =>
        flow(from, to, `M${at(from).centre} ${at(from).y}V${at(to).bottom + 3}`),
      ),
      flow(
        'serving',
        'visitors',
        `M${at('serving').right} ${at('serving').middle}H${outside}V${at('visitors').middle}H${at('visitors').right + 3}`,
      ),
      flow('visitors', 'ingestion', `M${at('visitors').x} ${at('visitors').middle}H${at('ingestion').right + 3}`),
      {
        id: 'monitoring-training',
        kind: 'return',
        path: `M${at('monitoring').x} ${at('monitoring').middle}H${channel}V${upper}H${at('training').right + 3}`,
      },
    ],
  };
}

const flow = (from: string, to: string, path: string): Line => ({ id: `${from}-${to}`, path, kind: 'flow' });

const pairs = (names: readonly string[]): readonly (readonly [string, string])[] =>
  names.slice(1).map((name, index) => [names[index] ?? '', name]);

/** Edges and middles of a named box, to half a pixel so that lines are sharp. */
function anchors(boxes: Readonly<Record<string, Box>>) {
  const sharp = (value: number) => Math.round(value * 2) / 2;
  return (name: string) => {
    const { x = 0, y = 0, width = 0, height = 0 } = boxes[name] ?? {};
    return {
      x: sharp(x),
      y: sharp(y),
      right: sharp(x + width),
      bottom: sharp(y + height),
      centre: sharp(x + width / 2),
      middle: sharp(y + height / 2),
    };
  };
}
