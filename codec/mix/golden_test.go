package mix

// golden holds the hashes that TestGolden compares with, by level.
var golden = map[int]string{
	1: "a3bec05a9172cbbd49c1a71eab471537",
	3: "b56d09ead431e8cc07a0847c60618285",
	6: "818aa8320333190c9dc6c30f8e0cb282",
	9: "cda3f9fbccad43e8db046f377e01cf43",
}
