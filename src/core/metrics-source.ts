/** Metrics in the form that a scraper reads. */
export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

/** Whoever can tell the metrics of a server: of this process, or of all that serve together. */
export interface MetricsSource {
  /** All metrics as they stand now. */
  page(): Promise<MetricsPage>;
}
