/** The operator set of generated nets: the first with HardSwish is 14. */
export const OPSET = 17;
