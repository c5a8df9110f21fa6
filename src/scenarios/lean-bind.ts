import { AsyncResource } from "node:async_hooks";

/**
 * Imported into every tuned process before all else (`--import`). Node 20's HTTP/2 client binds each request to a resource, and
 * what `bind` returns has a deprecated property, `asyncResource`, whose accessors are given their prototypes after they were
 * made. Objects made so have hidden classes of their own, which keep the request and all that it holds, 15 KB of a gRPC call,
 * until the old generation is swept. The same without that property; where Node has none, nothing is changed.
 *
 * @see https://nodejs.org/docs/latest-v20.x/api/deprecations.html#dep0172-the-asyncresource-property-of-asyncresource-bound-functions
 */
if ("asyncResource" in new AsyncResource("probe").bind(() => undefined)) {
  AsyncResource.prototype.bind = leanBind;
}

function leanBind<F extends (...args: never[]) => unknown>(this: AsyncResource, fn: F, thisArg?: unknown): F {
  const resource = this;
  const bound = function (this: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(resource.runInAsyncScope, resource, [
      fn,
      thisArg === undefined ? this : thisArg,
      ...args,
    ]);
  };
  return Object.defineProperty(bound, "length", { configurable: true, value: fn.length }) as unknown as F;
}
