# syntax=docker/dockerfile:1

# Build: everything that is needed to compile and nothing that is needed to run.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY proto ./proto
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts

# Run: no compiler, no shell scripts, no root. Nothing is written but sockets in /tmp, so all else can be mounted read-only.
FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/proto ./proto
COPY --from=build /app/dist ./dist
# The user "node" of the image, as a number, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 50051 9090
# Where worker processes reach each other; a volume stays writable with `docker run --read-only`.
VOLUME /tmp
# The admin port listens on loopback unless the configuration says otherwise, and the probe runs inside. Some schedulers kill
# what is unhealthy, so this asks whether the process has started and answers; whether it wants calls is /readyz, for balancers.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/startupz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Each collection of a young generation of 16 MB stops all calls for some 4 ms; one of 64 MB, as often needed as seldom, for 15.
ENTRYPOINT ["node", "--max-semi-space-size=16", "dist/cli/byova.js"]
# One process a core that the container may use: Node.js reads the quota (`docker run --cpus`).
CMD ["serve", "--config", "/etc/byova/byova.yaml", "--workers", "auto"]
