# SPDX-License-Identifier: Apache-2.0
#
# docker build -t primality .
# docker run --rm primality check 2^127-1
# docker run --rm -v "$PWD:/work" primality check --file numbers.txt

FROM swift:6.2-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends libgmp-dev libpq-dev libsqlite3-dev make pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN make install-cli PREFIX=/usr/local DESTDIR=/installed

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgmp10 libpq5 libsqlite3-0 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* && useradd --create-home --uid 1000 primality
COPY --from=build /installed/ /
USER primality
WORKDIR /work
ENTRYPOINT ["primality"]
CMD ["--help"]
