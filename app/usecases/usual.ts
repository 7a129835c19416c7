/** Numbers and words to begin a definition with; each is worth a thought once there is real traffic. */
export const USUAL = {
  all: { tables: [], retention: '400d' },
  model: { folds: { count: 3, horizon: '12h' }, segments: { new: 0, known: 3 }, profileRows: 300, seed: 1 },
  gate: { segmentFloors: {}, latencyBudgetMs: 20, approval: 'local' },
  notWorse: { tolerance: 0.02, confidence: 0.95 },
  copying: { queries: 1_000, maxCopied: 0.9 },
  serving: {
    slo: { p99Ms: 100, availability: 0.999 },
    storeTimeoutMs: 50,
    rateLimit: { perSecond: 200, burst: 400 },
    mainParameters: ['what you did of late, and how often'],
  },
  monitors: {
    window: 150,
    featureFreshness: '1h',
    retrain: { schedule: '0 3 * * *', coolDown: '1h', consecutiveWindows: 2 },
  },
} as const;
