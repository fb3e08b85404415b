# Fuzz targets: one file a parser in tests/fuzz/, built with clang's libFuzzer; found cases are kept
# in tests/fuzz/cases/<target>/ and run by every `make check`.
