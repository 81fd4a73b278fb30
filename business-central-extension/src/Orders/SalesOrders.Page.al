namespace CTD365.Commerce;

using Microsoft.Sales.Document;

page 50114 "CTD365 Sales Orders"
{
    PageType = API;
    APIPublisher = 'ctd365';
    APIGroup = 'commerce';
    APIVersion = 'v1.0';
    EntityCaption = 'Sales Order';
    EntitySetCaption = 'Sales Orders';
    EntityName = 'salesOrder';
    EntitySetName = 'salesOrders';
    ODataKeyFields = SystemId;
    SourceTable = "Sales Header";
    SourceTableView = where("Document Type" = const(Order));
    InsertAllowed = false;
    ModifyAllowed = false;
    DeleteAllowed = false;
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Group)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id';
                }
                field(number; Rec."No.")
                {
                    Caption = 'No.';
                }
                field(externalDocumentNumber; Rec."External Document No.")
                {
                    Caption = 'External Document No.';
                }
                field(status; Rec.Status)
                {
                    Caption = 'Status';
                }
                field(shippingAgentCode; Rec."Shipping Agent Code")
                {
                    Caption = 'Shipping Agent Code';
                }
                field(shippingAgentServiceCode; Rec."Shipping Agent Service Code")
                {
                    Caption = 'Shipping Agent Service Code';
                }
                field(packageTrackingNumber; Rec."Package Tracking No.")
                {
                    Caption = 'Package Tracking No.';
                }
                field(systemModifiedAt; Rec.SystemModifiedAt)
                {
                    Caption = 'System Modified At';
                }
            }
        }
    }

    var
        OrderActions: Codeunit "CTD365 Sales Order Actions";

    [ServiceEnabled]
    procedure Release(var ActionContext: WebServiceActionContext)
    begin
        OrderActions.Release(Rec);
        SetResponse(ActionContext);
    end;

    [ServiceEnabled]
    procedure Reopen(var ActionContext: WebServiceActionContext)
    begin
        OrderActions.Reopen(Rec);
        SetResponse(ActionContext);
    end;

    [ServiceEnabled]
    procedure Ship(var ActionContext: WebServiceActionContext)
    begin
        OrderActions.Ship(Rec);
        SetResponse(ActionContext);
    end;

    local procedure SetResponse(var ActionContext: WebServiceActionContext)
    begin
        ActionContext.SetObjectType(ObjectType::Page);
        ActionContext.SetObjectId(Page::"CTD365 Sales Orders");
        ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);
        ActionContext.SetResultCode(WebServiceActionResultCode::Updated);
    end;
}
