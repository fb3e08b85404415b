struct page {
	int count;
};

void drop(struct page *pages)
{
	free(pages);
}
