int ask(struct cup *cup)
{
	return devm_request_irq(cup->handle, cup->irq);
}
