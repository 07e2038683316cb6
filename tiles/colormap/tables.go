package colormap

// tables hold the colours of each map at equal steps. Those of matplotlib and
// cmocean are every third to seventeenth of their 256, which straight lines
// join to within two levels of 255.
//
// Copyright (c) 2015 Kristen M. Thyng (cmocean, MIT licence); (c) 2002 Cynthia
// Brewer, Mark Harrower and The Pennsylvania State University (ColorBrewer,
// Apache-2.0); (c) 2019 Google LLC (turbo, Apache-2.0).
var tables = []table{
	{
		"viridis", Sequential, true, matplotlib,
		"440154 46085c 471063 481769 481d6f 482475 472a7a 46307e 453781 433d84 414287 3f4889 3d4e8a 3a538b 38598c 355e8d 33638d 31688e " +
			"2e6d8e 2c718e 2a768e 297b8e 27808e 25848e 23898e 218e8d 20928c 1f978b 1e9c89 1fa188 21a585 24aa83 28ae80 2eb37c 35b779 3dbc74 " +
			"46c06f 50c46a 5ac864 65cb5e 70cf57 7cd250 89d548 95d840 a2da37 b0dd2f bddf26 cae11f d8e219 e5e419 f1e51d fde725",
	},
	{
		"magma", Sequential, true, matplotlib,
		"000004 02020b 050416 090720 0e0b2b 140e36 1a1042 21114e 29115a 311165 390f6e 420f75 4a1079 52137c 5a167e 621980 6a1c81 721f81 " +
			"792282 812581 892881 912b81 992d80 a1307e aa337d b2357b ba3878 c23b75 ca3e72 d2426f d9466b e04c67 e75263 ec5860 f1605d f4695c " +
			"f7725c f97b5d fb8560 fc8e64 fd9869 fea16e feaa74 feb47b febd82 fec68a fecf92 fed89a fde2a3 fdebac fcf4b6 fcfdbf",
	},
	{
		"inferno", Sequential, true, matplotlib,
		"000004 02020c 050417 0a0722 10092d 160b39 1e0c45 260c51 2f0a5b 380962 400a67 490b6a 510e6c 59106e 61136e 69166e 71196e 781c6d " +
			"801f6c 88226a 902568 982766 a02a63 a82e5f b0315b b73557 bf3952 c63d4d cc4248 d34743 d94d3d df5337 e45a31 e9612b ed6925 f1711f " +
			"f47918 f78212 f98b0b fa9407 fb9d07 fca60c fcb014 fbba1f fac42a f8cd37 f6d746 f4e156 f2ea69 f2f27d f5f992 fcffa4",
	},
	{
		"plasma", Sequential, true, matplotlib,
		"0d0887 1b068d 260591 2f0596 38049a 41049d 4903a0 5102a3 5901a5 6100a7 6900a8 7100a8 7801a8 8004a8 8707a6 8e0ca4 9511a1 9c179e " +
			"a21d9a a82296 ae2892 b42e8d ba3388 bf3984 c43e7f c9447a cd4a76 d24f71 d6556d da5b69 de6164 e26660 e66c5c e97257 ed7953 f07f4f " +
			"f3854b f58c46 f79342 f99a3e fba139 fca835 fdaf31 feb72d febe2a fdc627 fcce25 fbd724 f8df25 f6e826 f3f027 f0f921",
	},
	{
		"cividis", Sequential, true, cividis,
		"00224e 002553 002758 00295d 002b62 002d68 002f6d 003170 053371 0f3570 163770 1c396f 213b6e 263d6e 2a3f6d 2e416d 32436d 35456c " +
			"39486c 3c4a6c 3f4c6c 424e6c 45506c 48526c 4b546c 4e566c 51586d 545a6d 565c6d 595e6e 5c616e 5e636f 61656f 646770 666970 696b71 " +
			"6c6d72 6e6f73 717274 737475 767676 787877 7b7a78 7e7c78 807f78 838179 868379 898578 8c8878 8f8a78 928c78 948e77 979177 9a9376 " +
			"9d9576 a09875 a39a74 a69c74 a99f73 aca172 afa471 b3a670 b6a96f b9ab6d bcae6c bfb06b c2b369 c5b568 c8b866 ccba64 cfbd62 d2c060 " +
			"d5c25e d9c55c dcc859 dfca57 e2cd54 e6d051 e9d34e edd54a f0d846 f3db42 f7de3e fbe138 fee434 fee838",
	},
	{
		"turbo", Sequential, false, turbo,
		"30123b 36215f 3b2f80 3f3e9c 424bb5 4559cb 4666dd 4773eb 4680f6 458cfd 4099ff 38a5fb 2fb2f4 27bee9 1fc9dd 1ad4d0 18ddc2 1ae4b6 " +
			"22ebaa 2ff19b 3ff68a 52fa7a 65fd69 79fe59 8bff4b 9cfe40 a9fb39 b7f735 c3f134 d0ea34 dbe236 e5d938 eecf3a f5c53a faba39 fdae35 " +
			"fea130 fe932a fc8423 f9751d f46617 ef5811 e84b0c e14109 d83706 ce2d04 c32503 b71d02 a91601 9b0f01 8b0902 7a0403",
	},
	{
		"twilight", Cyclic, true, twilight,
		"e2d9e2 ded9e1 dad8df d4d6dc cdd3d8 c5cfd5 bccbd2 b3c7ce aac2cc a1bdc9 99b8c8 91b2c6 89adc5 83a7c4 7ca2c2 779cc2 7296c1 6d90c0 " +
			"6a8abf 6784be 647ebc 6277bb 6170b9 606ab7 5f63b5 5f5cb2 5e55af 5e4dab 5e46a7 5d3fa2 5c389c 5b3096 592a8e 572386 541e7d 501973 " +
			"4b1668 46145e 411255 3c114c 381144 34113e 311239 311337 351238 39113a 3f113c 45123f 4c1342 531546 5b1749 63194b 6b1b4d 731d4f " +
			"7b2050 822450 892850 8f2d50 963250 9b3850 a13e50 a64450 aa4a50 af5151 b35852 b75f54 ba6657 bd6d5a c0745d c27b62 c48367 c68a6d " +
			"c89174 ca997c cba085 cda78e cfae98 d1b5a2 d4bcac d6c2b6 d9c8c0 dccdca ded2d2 e0d6d9 e1d8de e2d9e2",
	},
	{
		"thermal", Sequential, true, cmocean,
		"042333 05273d 062a47 082d52 0b305d 0f326a 163377 1e3484 273491 33339b 3e349f 4736a0 50399e 583c9c 5f3f99 664397 6d4694 744992 " +
			"7a4c91 814f8f 88528d 8f548c 96578a 9d5988 a55c86 ac5e83 b46080 bb627d c36579 ca6774 d16a6f d86d6a df7064 e5745e eb7958 ef7e52 " +
			"f3834c f68a47 f99143 fa983f fb9f3d fca73c fcaf3c fbb73d fabf3f f9c842 f7d045 f5d849 f2e14d efe951 ecf256 e8fa5b",
	},
	{
		"haline", Sequential, true, cmocean,
		"2a186c 2c1a78 2e1b84 2e1d91 2d209c 2927a2 2230a3 1c39a0 16409d 11479a 0d4d97 0c5294 0d5792 105c90 14618e 18658d 1c6a8c 206e8b " +
			"24728a 287689 2b7b89 2f7f89 328388 358888 388c88 3a9087 3d9587 3f9986 429e85 45a384 48a782 4cac80 50b07e 54b57b 5ab978 5fbe75 " +
			"66c271 6ec66d 77ca68 80ce64 8bd160 97d45d a3d75c afd95d bbdb61 c6de66 d0e06d dae375 e3e67e ece987 f5ec90 fdef9a",
	},
	{
		"deep", Sequential, true, cmocean,
		"fdfecc dff2bb bfe7ae 9fdda5 7fd1a3 67c3a4 59b4a4 51a5a2 4b96a0 46879c 417899 3e6996 3e5992 414988 403c71 3a3058 322541 281a2c",
	},
	{
		"ice", Sequential, true, cmocean,
		"040613 14142b 232244 302f5f 3a3c7b 3f4b96 3e5ea9 3f71b4 4684bb 5296c1 61a8c7 74bace 8ccbd6 abdbe0 cbebee eafdfd",
	},
	{
		"solar", Sequential, true, cmocean,
		"331418 481b1f 5e2124 732724 872f21 973b1c a54a17 b15b14 bb6d13 c47f15 cb921a d2a621 d8ba2a dcd034 dfe63f e1fd4b",
	},
	{
		"rain", Sequential, true, cmocean,
		"eeedf3 ebe8eb e7e3e3 e3dddc e0d8d3 ded3c9 dbcdbf d9c8b6 d6c3ac d2bfa2 ccbb99 c4b892 bcb58d b4b289 abb086 a2ad83 9aaa80 91a77d " +
			"89a47b 80a178 779f75 6d9c73 649971 599670 4f936e 43906e 388d6d 2d896e 22866e 19816e 117d6e 0a796e 06746e 04706d 046b6d 05676c " +
			"09626b 0e5e69 135967 175465 1b4f62 1e4a5f 21465b 234157 243c53 25374f 25334b 252e47 242943 24253f 23203c 221b38",
	},
	{
		"balance", Diverging, true, cmocean,
		"181c43 1b214c 1e2555 21295f 232d69 253073 27347d 293888 293c93 29409e 2745a9 234ab3 1c50ba 1357be 0c5ebe 0a64be 0f6abd 1670bc " +
			"1e76bb 267bba 2e81ba 3686ba 3e8bba 4690ba 4e95ba 569abb 5f9fbb 68a4bc 71a8bd 7bacbf 85b1c0 8eb5c3 98bac5 a1bec8 aac2cb b3c7ce " +
			"bcccd2 c4d0d5 cdd5d9 d5dadd dee0e1 e6e5e6 eeeaea f0eae9 ede3e0 eadcd8 e7d5cf e5cec7 e2c7be e0c0b5 deb9ad dcb2a4 daab9b d8a493 " +
			"d69d8a d39681 d18f79 cf8970 cd8268 cb7b60 c97458 c76d50 c46648 c25f41 bf573a bd5034 ba482e b74029 b33826 af3024 ab2924 a52125 " +
			"9f1b26 991627 921228 8b0f29 830e29 7b0e29 730e27 6b0f25 630e23 5b0e20 530d1d 4b0c19 440b16 3c0912",
	},
	{
		"phase", Cyclic, false, cmocean,
		"a8780d af7316 b66e1e bd6926 c2642e c85e37 cd583f d15249 d54b53 d9455e dc3d6b de3678 df2f87 de2997 dd26a6 da26b6 d529c4 d02fd0 " +
			"c937db c23fe4 b948eb b050ef a759f3 9c60f4 9168f4 856ff2 7875ef 6b7be9 5d81e3 4f86da 428ad1 368dc7 2c90bc 2492b2 1e93a8 19959e " +
			"159694 11978a 0d9880 0b9975 119a69 1c9a5b 2b9a4c 3c993c 4f962c 61931e 728f14 7f8b0f 8b860d 95820d 9f7d0d a8780d",
	},
	{"blues", Sequential, true, brewer, "f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b"},
	{"bugn", Sequential, true, brewer, "f7fcfd e5f5f9 ccece6 99d8c9 66c2a4 41ae76 238b45 006d2c 00441b"},
	{"bupu", Sequential, true, brewer, "f7fcfd e0ecf4 bfd3e6 9ebcda 8c96c6 8c6bb1 88419d 810f7c 4d004b"},
	{"gnbu", Sequential, true, brewer, "f7fcf0 e0f3db ccebc5 a8ddb5 7bccc4 4eb3d3 2b8cbe 0868ac 084081"},
	{"greens", Sequential, true, brewer, "f7fcf5 e5f5e0 c7e9c0 a1d99b 74c476 41ab5d 238b45 006d2c 00441b"},
	{"oranges", Sequential, true, brewer, "fff5eb fee6ce fdd0a2 fdae6b fd8d3c f16913 d94801 a63603 7f2704"},
	{"orrd", Sequential, true, brewer, "fff7ec fee8c8 fdd49e fdbb84 fc8d59 ef6548 d7301f b30000 7f0000"},
	{"pubu", Sequential, true, brewer, "fff7fb ece7f2 d0d1e6 a6bddb 74a9cf 3690c0 0570b0 045a8d 023858"},
	{"pubugn", Sequential, true, brewer, "fff7fb ece2f0 d0d1e6 a6bddb 67a9cf 3690c0 02818a 016c59 014636"},
	{"purd", Sequential, true, brewer, "f7f4f9 e7e1ef d4b9da c994c7 df65b0 e7298a ce1256 980043 67001f"},
	{"purples", Sequential, true, brewer, "fcfbfd efedf5 dadaeb bcbddc 9e9ac8 807dba 6a51a3 54278f 3f007d"},
	{"rdpu", Sequential, true, brewer, "fff7f3 fde0dd fcc5c0 fa9fb5 f768a1 dd3497 ae017e 7a0177 49006a"},
	{"reds", Sequential, true, brewer, "fff5f0 fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d"},
	{"ylgn", Sequential, true, brewer, "ffffe5 f7fcb9 d9f0a3 addd8e 78c679 41ab5d 238443 006837 004529"},
	{"ylgnbu", Sequential, true, brewer, "ffffd9 edf8b1 c7e9b4 7fcdbb 41b6c4 1d91c0 225ea8 253494 081d58"},
	{"ylorbr", Sequential, true, brewer, "ffffe5 fff7bc fee391 fec44f fe9929 ec7014 cc4c02 993404 662506"},
	{"ylorrd", Sequential, true, brewer, "ffffcc ffeda0 fed976 feb24c fd8d3c fc4e2a e31a1c bd0026 800026"},
	{"brbg", Diverging, true, brewer, "543005 8c510a bf812d dfc27d f6e8c3 f5f5f5 c7eae5 80cdc1 35978f 01665e 003c30"},
	{"piyg", Diverging, true, brewer, "8e0152 c51b7d de77ae f1b6da fde0ef f7f7f7 e6f5d0 b8e186 7fbc41 4d9221 276419"},
	{"prgn", Diverging, true, brewer, "40004b 762a83 9970ab c2a5cf e7d4e8 f7f7f7 d9f0d3 a6dba0 5aae61 1b7837 00441b"},
	{"puor", Diverging, true, brewer, "7f3b08 b35806 e08214 fdb863 fee0b6 f7f7f7 d8daeb b2abd2 8073ac 542788 2d004b"},
	{"rdbu", Diverging, true, brewer, "67001f b2182b d6604d f4a582 fddbc7 f7f7f7 d1e5f0 92c5de 4393c3 2166ac 053061"},
	{"rdylbu", Diverging, true, brewer, "a50026 d73027 f46d43 fdae61 fee090 ffffbf e0f3f8 abd9e9 74add1 4575b4 313695"},
	{"rdgy", Diverging, false, brewer, "67001f b2182b d6604d f4a582 fddbc7 ffffff e0e0e0 bababa 878787 4d4d4d 1a1a1a"},
	{"rdylgn", Diverging, false, brewer, "a50026 d73027 f46d43 fdae61 fee08b ffffbf d9ef8b a6d96a 66bd63 1a9850 006837"},
	{"spectral", Diverging, false, brewer, "9e0142 d53e4f f46d43 fdae61 fee08b ffffbf e6f598 abdda4 66c2a5 3288bd 5e4fa2"},
	{"set2", Qualitative, false, brewer, "66c2a5 fc8d62 8da0cb e78ac3 a6d854 ffd92f e5c494 b3b3b3"},
	{"dark2", Qualitative, false, brewer, "1b9e77 d95f02 7570b3 e7298a 66a61e e6ab02 a6761d 666666"},
	{"paired", Qualitative, false, brewer, "a6cee3 1f78b4 b2df8a 33a02c fb9a99 e31a1c fdbf6f ff7f00 cab2d6 6a3d9a ffff99 b15928"},
	{"okabe-ito", Qualitative, true, okabe, "e69f00 56b4e9 009e73 f0e442 0072b2 d55e00 cc79a7 000000"},
	{"tol-muted", Qualitative, true, tol, "332288 88ccee 44aa99 117733 999933 ddcc77 cc6677 882255 aa4499"},
	{"greys", Sequential, true, own, "000000 ffffff"},
	{"terrain", Sequential, false, own, "2f7d4f 7fb069 d5d68a cfae72 a57b58 8b756c c9c4c0 ffffff"},
	{"ndvi", Sequential, true, own, "f3e6cf e3d3a4 cdc97e aabd66 7fa84f 55913f 317830 175c27 07401d 02260f"},
	{"water", Sequential, true, own, "f7f2e4 dfe6dc b8d8e0 84bedb 52a0cf 2c7fbc 1a5c9e 123f7a 0a2450"},
	{"snow", Sequential, true, own, "2e2723 4d4541 6c6a6c 8790a0 a3b8ca c4dbe8 e3f2f9 ffffff"},
	{"burn", Diverging, true, own, "14614a 4fa57c a5d6b0 f6f1d3 fdc766 ee8137 c43a2a 7d1733 3a0a2c"},
}
