/** Upstream's limits of cost, in its units. What they are for is told by what they are compared with. */

/** One evaluation of one expression. */
export const perCallLimit = 1_000_000;
/** All evaluations for one object, or for one policy binding. */
export const perRequestLimit = 10_000_000;
/** All match conditions of one webhook or policy. */
export const matchConditionsLimit = 2_500_000;
/** The estimate of one rule of a CustomResourceDefinition, times how often it can run for one object. */
export const ruleEstimateLimit = 10_000_000n;
/** The estimates of all rules of a schema. */
export const schemaEstimateLimit = 100_000_000n;
/** Bytes of an evaluated messageExpression. */
export const maxMessageSize = 5 * 1024;
