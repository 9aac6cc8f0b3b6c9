package mix

// golden holds the hashes that TestGolden compares with, by level.
var golden = map[int]string{1: "", 3: "", 6: "", 9: ""}
