struct box {
	struct folio *lid;
};
