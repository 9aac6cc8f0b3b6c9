package mix

// golden holds the hashes that TestGolden compares with, by level.
var golden = map[int]string{
	1: "de805b7decc07cd57b3d17a7e7a9f3d0",
	3: "3351e4e7244d46560d6370981c5ad8a4",
	6: "5560eaf7012e8e3839a2b23f5f64bd8c",
	9: "b9eb33b6abf2ea2de3c5e9291a3c6d99",
}
