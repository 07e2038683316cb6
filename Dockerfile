# Thin over scripts/setup and scripts/build: the same base builds and runs, so
# that GDAL and PROJ are the very libraries it was linked against.
FROM golang:1.26-bookworm AS build
COPY --from=node:20-bookworm-slim /usr/local/bin/node /usr/local/bin/node
COPY --from=node:20-bookworm-slim /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /src
COPY . .
RUN scripts/setup --build && scripts/build

FROM debian:bookworm-slim
COPY scripts/setup /src/scripts/setup
RUN /src/scripts/setup --run && rm -rf /src /var/lib/apt/lists/* && useradd --create-home contado
COPY --from=build /src/bin/contado /usr/local/bin/contado
USER contado
VOLUME /data
ENV CONTADO_DATA=/data PROJ_NETWORK=OFF MALLOC_ARENA_MAX=2
EXPOSE 8080
ENTRYPOINT ["contado"]
CMD ["serve", "--addr", "0.0.0.0:8080"]
