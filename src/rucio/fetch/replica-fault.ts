/** Why a replica could not be read: the next one is tried then. */

interface FaultOptions extends ErrorOptions {
  /** It may work a moment later. */
  passing?: boolean;
  /** The storage gave no, or a wrong, answer to a range: it is asked for the whole file then. */
  rangeRefused?: boolean;
}

export class ReplicaFault extends Error {
  readonly passing: boolean;
  readonly rangeRefused: boolean;

  constructor(reason: string, { passing = false, rangeRefused = false, ...options }: FaultOptions = {}) {
    super(reason, options);
    this.name = 'ReplicaFault';
    this.passing = passing;
    this.rangeRefused = rangeRefused;
  }
}
