/** Chooses the client of each request, and knows how busy each is. */
export interface ClientChoice {
  /** A client for a vehicle's next request, busier by one from now on. */
  take(vehicle: number): number;
  /** The client's request has ended. */
  giveBack(client: number): void;
}

/** Vehicle i has client i for itself. */
export function ownClients(): ClientChoice {
  return { take: (vehicle) => vehicle, giveBack: () => undefined };
}

/** All share all: the one with the fewest requests out; among equals the next in turn, so that all take part. */
export function leastBusyClient(clients: number): ClientChoice {
  const out = new Int32Array(clients);
  let turn = 0;
  return {
    take() {
      let best = turn;
      for (let step = 1; step < clients && (out[best] ?? 0) > 0; step += 1) {
        const client = (turn + step) % clients;
        if ((out[client] ?? 0) < (out[best] ?? 0)) best = client;
      }
      turn = (best + 1) % clients;
      out[best] = (out[best] ?? 0) + 1;
      return best;
    },
    giveBack(client) {
      out[client] = (out[client] ?? 0) - 1;
    },
  };
}
