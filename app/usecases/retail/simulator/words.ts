/** Names of the simulated shop's categories with the things each sells, commonest category first. */
export const CATEGORIES: readonly (readonly [string, readonly string[]])[] = [
  ['kitchen', ['kettle', 'pan', 'knife', 'teapot', 'cutting board', 'mixing bowl', 'grinder']],
  ['fashion', ['shirt', 'scarf', 'jacket', 'belt', 'cap', 'jumper', 'pair of socks']],
  ['books', ['novel', 'cookbook', 'atlas', 'biography', 'picture book', 'field guide', 'diary']],
  ['home', ['lamp', 'cushion', 'rug', 'vase', 'mirror', 'blanket', 'clock']],
  ['toys', ['puzzle', 'kite', 'train set', 'board game', 'plush bear', 'yo-yo', 'doll']],
  ['beauty', ['soap', 'hand cream', 'perfume', 'comb', 'bath oil', 'face mask', 'balm']],
  ['sport', ['ball', 'yoga mat', 'bottle', 'racket', 'skipping rope', 'rucksack', 'headband']],
  ['office', ['notebook', 'fountain pen', 'desk tray', 'stapler', 'calendar', 'folder', 'ruler']],
  ['music', ['ukulele', 'record', 'headphones', 'tuner', 'harmonica', 'drum pad', 'songbook']],
  ['pets', ['dog bed', 'feeder', 'lead', 'cat tree', 'brush', 'aquarium', 'bird bath']],
  ['electronics', ['speaker', 'charger', 'camera', 'keyboard', 'power bank', 'projector', 'radio']],
  ['garden', ['bench', 'lantern', 'planter', 'hammock', 'parasol', 'fire bowl', 'watering can']],
];

/** Styles run across categories; a visitor's taste is a mix of both. */
export const STYLES: readonly string[] = ['nordic', 'vintage', 'colourful', 'plain'];
