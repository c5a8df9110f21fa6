/** The stages of one request, in the order of the columns; with `unaccounted` they add up to the service time. */
export const STAGES = [
  "retrieve",
  "client_preprocess",
  "encode",
  "uplink",
  "broker",
  "downlink",
  "server_decode",
  "queue",
  "server_preprocess",
  "infer",
  "server_postprocess",
  "server_encode",
  "client_decode",
  "client_postprocess",
] as const;

/** `retrieve` lies before the run and outside the service time. */
export type Stage = (typeof STAGES)[number];
