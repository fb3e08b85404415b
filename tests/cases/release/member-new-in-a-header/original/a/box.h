struct box {
	struct page *page;
};
