/** Documents that were made are STAC, or are not written anywhere. */
import { UserError } from '../errors.ts';
import type { Validator } from '../stac/validate.ts';
import type { Document } from './to-item.ts';

/** @throws UserError that says what is wrong with the first that is not valid */
export async function mustBeValid(validator: Validator, documents: Document[]): Promise<void> {
  const faults = await validator.validate(documents);
  const at = faults.findIndex((fault) => fault !== null);
  if (at < 0) return;
  throw new UserError(`the document made of it (${documents[at]?.id}) is not valid STAC: ${faults[at]}`);
}
