/** Why a replica could not be read: the next one is tried then. */

interface FaultOptions extends ErrorOptions {
  /** It may work a moment later. */
  passing?: boolean;
  /** The storage gave no, or a wrong, answer to a range: it is asked for the whole file then. */
  rangeRefused?: boolean;
  /** The storage says that it has no such file. */
  isAbsent?: boolean;
}

export class ReplicaFault extends Error {
  readonly passing: boolean;
  readonly rangeRefused: boolean;
  readonly isAbsent: boolean;

  constructor(reason: string, options: FaultOptions = {}) {
    const { passing = false, rangeRefused = false, isAbsent = false, ...cause } = options;
    super(reason, cause);
    this.name = 'ReplicaFault';
    this.passing = passing;
    this.rangeRefused = rangeRefused;
    this.isAbsent = isAbsent;
  }
}
