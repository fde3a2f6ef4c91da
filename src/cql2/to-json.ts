/** Expression -> CQL2 JSON, for JSON.stringify. A Decimal becomes the double nearest to it, since JSON has no more of it. */
import { type Expression, isArray, isDecimal, isInterval, isOperation } from './ast.ts';

export function toJson(expression: Expression): unknown {
  if (isArray(expression)) return expression.map(toJson);
  if (isOperation(expression)) return { op: expression.op, args: expression.args.map(toJson) };
  if (isInterval(expression)) return { interval: expression.interval.map(toJson) };
  return isDecimal(expression) ? Number(expression.decimal) : expression;
}
