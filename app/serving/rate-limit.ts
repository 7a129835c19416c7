export interface RateLimit {
  /** Tokens added a second. */
  readonly perSecond: number;
  /** Most tokens a bucket holds. */
  readonly burst: number;
}

export interface TokenBuckets {
  /** Takes `cost` tokens of the key's bucket. Returns 0 when taken, else the seconds until they would be there. */
  take(key: string, cost?: number): number;
}

/** Token buckets by key, refilled by elapsed wall time. `now` is in milliseconds, monotonic. */
export function tokenBuckets(limit: RateLimit, now: () => number = () => performance.now()): TokenBuckets {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(key, cost = 1) {
      const at = now();
      const bucket = buckets.get(key) ?? { tokens: limit.burst, at };
      bucket.tokens = Math.min(limit.burst, bucket.tokens + ((at - bucket.at) / 1000) * limit.perSecond);
      bucket.at = at;
      buckets.set(key, bucket);
      // A cost above the burst would never be met; a full bucket pays for it and goes into debt.
      if (bucket.tokens < Math.min(cost, limit.burst)) return (Math.min(cost, limit.burst) - bucket.tokens) / limit.perSecond;
      bucket.tokens -= cost;
      return 0;
    },
  };
}
